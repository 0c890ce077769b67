/**
 * For container health checks: asks /ready of the services this container runs (named by VAFA_HEALTH_SERVICES, all
 * when it is not set) and ends with 0 or 1.
 */
import { messageOf } from '@vafa/kernel';
import { readSettings, variables } from './environment.ts';
import { portOf, serviceNames } from './service-names.ts';

const TIMEOUT_MS = 2_000;
const settings = readSettings();
const names = (variables.VAFA_HEALTH_SERVICES || serviceNames().join(',')).split(',');

try {
  await Promise.all(
    names.map(async (name) => {
      const url = `http://127.0.0.1:${portOf(settings.VAFA_PORT_BASE, name.trim())}/ready`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok) throw new Error(`${name} is not ready: ${await answer.text()}`);
    }),
  );
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
