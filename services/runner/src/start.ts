/**
 * `npm start`. Compiled code is kept between starts, which halves their time; that has to be switched on before anything
 * else is loaded, so this file does no more.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/vafa', import.meta.url)));
await import('./start-here.ts');
