// biome-ignore-all lint/style/useNodejsImportProtocol: an old Node must get as far as the line that says so
import { createHash } from 'crypto';
import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';

/** The `packages:` of pnpm-workspace.yaml: folders, or `folder/*`. Reading just that much needs no YAML parser. */
export const workspaceFolders = (root) => {
  const yaml = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const block = /^packages:[^\n]*\n((?:[ \t]+.*\n|[ \t]*#.*\n|\n)*)/m.exec(`${yaml}\n`);
  const patterns = (block ? block[1] : '')
    .split('\n')
    .map((line) => /^\s*-\s*['"]?([^'"#\s]+)['"]?/.exec(line))
    .filter((found) => found !== null)
    .map((found) => found[1]);
  const folders = [];
  for (const pattern of patterns) {
    if (!pattern.endsWith('/*')) folders.push(pattern);
    else {
      const parent = pattern.slice(0, -2);
      if (!existsSync(join(root, parent))) continue;
      for (const name of readdirSync(join(root, parent))) folders.push(`${parent}/${name}`);
    }
  }
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json'))).sort();
};

/** Files under a folder, in a stable order. */
const filesUnder = (root, folder) => {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .sort()
    .map((name) => `${folder}/${name}`);
};

/** Everything that decides what is installed, in one number. The same number: nothing to do. */
export const installedStamp = (root, extra) => {
  const hash = createHash('sha256').update(extra);
  const files = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...filesUnder(root, 'infra/patches'),
    ...workspaceFolders(root).map((folder) => `${folder}/package.json`),
  ];
  for (const file of files) {
    const content = existsSync(join(root, file)) ? readFileSync(join(root, file)) : '(missing)';
    hash.update(`\n${file}\n`).update(content);
  }
  return hash.digest('hex');
};

/** Is what was installed still there? Folders of packages get lost when somebody cleans up. */
export const isInPlace = (root) =>
  existsSync(join(root, 'node_modules/.bin/node')) &&
  workspaceFolders(root).every((folder) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    );
    const needs = Object.keys(dependencies).length + Object.keys(devDependencies).length > 0;
    return !needs || existsSync(join(root, folder, 'node_modules'));
  });
