/** The files of trusted authorities, followed while the server runs. */
import { followFile } from '../configuration/file-follower.ts';
import type { ServerCertificates } from './server-certificates.ts';
import type { TrustedAuthorities } from './trusted-authorities.ts';

const everyMs = 60_000;

export interface AuthorityFiles {
  readonly clientCaFile?: string;
  readonly requestheaderClientCaFile?: string;
}

/** Takes over what is written to the files; a text that cannot be leaves things as they are. */
export async function followAuthorities(
  files: AuthorityFiles,
  { clientCa, requestHeader }: Pick<ServerCertificates, 'clientCa' | 'requestHeader'>,
  onProblem: (what: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    follow('--client-ca-file', files.clientCaFile, clientCa),
    follow(
      '--requestheader-client-ca-file',
      files.requestheaderClientCaFile,
      requestHeader?.clientCa,
    ),
  ]);

  async function follow(
    flag: string,
    path: string | undefined,
    trusted: TrustedAuthorities | undefined,
  ): Promise<void> {
    if (path === undefined || trusted === undefined) return;
    await followFile(
      {
        path,
        text: trusted.pem,
        everyMs,
        changed: async (text) => trusted.replace(text),
        onProblem: (e) => onProblem(`${flag}: the authorities stay as they were`, e),
      },
      signal,
    );
  }
}
