/**
 * Makes the images of local clusters from Debian packages, without a registry, and imports them:
 *
 *   node hack/images/make-images.ts --cache DIR [--address SOCKET] [--only pause,busybox]
 *
 * Builds land in `DIR/<name>.<recipe>.tar` and are made once per recipe; images that the runtime
 * already has are not imported again.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ImageRecipe, recipes } from './catalog.ts';
import { recipeDigest, writeImage } from './oci-layout.ts';

const sources = ['catalog.ts', 'debian-stage.ts', 'oci-layout.ts'].map(
  (f) => new URL(f, import.meta.url),
);

/** Builds the image unless its tar is there; returns the tar. */
function ensureBuilt(recipe: ImageRecipe, cache: string): string {
  const tar = join(cache, `${recipe.name}.${recipeDigest(sources, recipe.name)}.tar`);
  if (existsSync(tar)) return tar;
  console.log(`building ${recipe.name}`);
  const work = mkdtempSync(join(cache, `${recipe.name}-`));
  try {
    const rootfs = join(work, 'rootfs');
    mkdirSync(rootfs);
    recipe.build(rootfs, cache);
    const image = writeImage(rootfs, work, recipe.references, recipe.config);
    for (const old of readdirSync(cache)) {
      if (old.startsWith(`${recipe.name}.`) && old.endsWith('.tar')) rmSync(join(cache, old));
    }
    renameSync(image, tar);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return tar;
}

const { values } = parseArgs({
  options: {
    cache: { type: 'string' },
    address: { type: 'string' },
    only: { type: 'string' },
  },
});
if (values.cache === undefined) {
  console.error('usage: make-images.ts --cache DIR [--address SOCKET] [--only NAME,NAME]');
  process.exit(2);
}
const cache = resolve(values.cache);
mkdirSync(cache, { recursive: true });
const wanted = values.only?.split(',') ?? recipes.map((r) => r.name);
const unknown = wanted.filter((n) => !recipes.some((r) => r.name === n));
if (unknown.length > 0) {
  console.error(`no such image: ${unknown.join(', ')}`);
  process.exit(2);
}

const ctr = (...args: string[]): string[] => [
  '-a',
  resolve(values.address!),
  '-n',
  'k8s.io',
  ...args,
];
const present = new Set(
  values.address === undefined
    ? []
    : execFileSync('ctr', ctr('images', 'ls', '-q'), { encoding: 'utf8' }).split('\n'),
);
for (const recipe of recipes.filter((r) => wanted.includes(r.name))) {
  const tar = ensureBuilt(recipe, cache);
  if (values.address === undefined) continue;
  if (recipe.references.every((name) => present.has(name))) continue;
  console.log(`importing ${recipe.name}`);
  execFileSync('ctr', ctr('images', 'import', tar), { stdio: ['ignore', 'ignore', 'inherit'] });
}
