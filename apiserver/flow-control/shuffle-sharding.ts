/**
 * Shuffle sharding: each flow gets a hand of few queues out of many, so that a flow which fills its
 * own leaves others at least one that it does not share.
 */
import { createHash } from 'node:crypto';

/** How many hands are remembered. */
const rememberedLimit = 10_000;

export class Dealer {
  readonly #deckSize: number;
  readonly #handSize: number;
  readonly #hands = new Map<string, readonly number[]>();

  /** `handSize` queues out of `deckSize`; the former is not larger than the latter. */
  constructor(deckSize: number, handSize: number) {
    this.#deckSize = deckSize;
    this.#handSize = handSize;
  }

  /** The hand of a flow: always the same one, of different queues. */
  hand(schema: string, distinguisher: string): readonly number[] {
    const flow = `${schema}\0${distinguisher}`;
    let hand = this.#hands.get(flow);
    if (hand === undefined) {
      hand = deal(flowHash(flow), this.#deckSize, this.#handSize);
      if (this.#hands.size >= rememberedLimit) this.#hands.clear();
      this.#hands.set(flow, hand);
    }
    return hand;
  }
}

function flowHash(flow: string): bigint {
  return createHash('sha256').update(flow).digest().readBigUInt64LE(0);
}

/** Cards of a shuffled deck, with the bits of `hash` as the only chance. */
export function deal(hash: bigint, deckSize: number, handSize: number): number[] {
  const remainders: number[] = [];
  let rest = hash;
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deckSize - i);
    remainders.push(Number(rest % left));
    rest /= left;
  }
  // Each remainder counts the cards that are still in the deck.
  return remainders.map((remainder, i) => {
    let card = remainder;
    for (let j = i; j > 0; j--) if (card >= remainders[j - 1]!) card++;
    return card;
  });
}
