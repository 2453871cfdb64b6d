/** PEM texts, read as Go's encoding/pem reads them. */

export interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

const block =
  /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n([\s\S]*?)-----END \1-----[ \t\r]*(?=\n|$)/g;

/** The well-formed blocks of a text; anything else is skipped. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, type = '', body = ''] of text.matchAll(block)) {
    const lines = body.split('\n').map((l) => l.trim());
    const headers = lines.findIndex((l) => !l.includes(':'));
    const base64 = lines.slice(Math.max(headers, 0)).join('');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) continue;
    blocks.push({ type, hasHeaders: headers > 0, bytes: Buffer.from(base64, 'base64') });
  }
  return blocks;
}
