import { globSync, readFileSync } from 'node:fs';
import { workspaceRoot } from '@vafa/testing';

/** A tagged SQL template, as in sql`select` or tx<Row[]>`update`. */
const SQL = /\b(?:sql|tx)(?:<[^`]{0,200}>)?`\s*(?:select|insert|update|delete|with)\b/i;

/** SQL in a service outside its store/: each place is a line. */
export const findSqlOutsideStore = (): string[] =>
  globSync('services/*/src/**/*.ts', { cwd: workspaceRoot })
    .filter((path) => !/\/store\/|\.test\.ts$|^services\/runner\/|fixture/.test(path))
    .filter((path) => SQL.test(readFileSync(`${workspaceRoot}${path}`, 'utf8')))
    .map((path) => `${path}: SQL belongs to store/`);
