/** The seam of subcommands: a module defines its flags, and says how to run from them. */
import type { Command } from 'commander';

/** Runs until the signal aborts; rejects with an Error whose message is for people. */
export type Start = (signal: AbortSignal) => Promise<void>;

export interface CommandModule {
  /** Adds flags and an action; the action hands over what is to be run. */
  define(command: Command, run: (start: Start) => Promise<void>): void;
}

/** `--port 10250`. */
export function toNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is not a number`);
  return Number(text);
}

/** `--flag true`, in all the words that Go knows. */
export function toBool(text: string): boolean {
  if (/^(true|1|t|T|TRUE|True)$/.test(text)) return true;
  if (/^(false|0|f|F|FALSE|False)$/.test(text)) return false;
  throw new Error(`${text} is neither true nor false`);
}

/** `--names a,b`. */
export function toList(text: string): string[] {
  return text.split(',').filter((s) => s !== '');
}
