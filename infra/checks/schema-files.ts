import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncApi, breakingChanges, catalogue, jsonSchemaOf, schemaFileOf } from '@vafa/contracts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = 'libs/contracts/schemas';
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The published schemas as the code has them: path from the root → content. */
export const schemaFiles = (): Map<string, string> =>
  new Map([
    ...catalogue.map(
      (definition) => [`${FOLDER}/${schemaFileOf(definition)}`, json(jsonSchemaOf(definition))] as const,
    ),
    [`${FOLDER}/asyncapi.json`, json(asyncApi())],
  ]);

/** Events whose schema changed so that what was allowed before no longer is: they need a new version. */
export const breakingSchemas = (): string[] =>
  catalogue.flatMap((definition) => {
    const path = `${root}${FOLDER}/${schemaFileOf(definition)}`;
    if (!existsSync(path)) return [];
    const published = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    return breakingChanges(published, jsonSchemaOf(definition)).map(
      (change) => `${definition.type} v${definition.version}: ${change}: raise the version instead`,
    );
  });

/** Files that are not as they should be: each is a line. */
export const findStale = (files: Map<string, string>): string[] =>
  [...files]
    .filter(([path, content]) => !existsSync(`${root}${path}`) || readFileSync(`${root}${path}`, 'utf8') !== content)
    .map(([path]) => `${path} is not up to date: npm run generate`);

export const writeFiles = (files: Map<string, string>): void => {
  for (const [path, content] of files) {
    mkdirSync(dirname(`${root}${path}`), { recursive: true });
    writeFileSync(`${root}${path}`, content);
  }
};
