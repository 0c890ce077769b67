import type { Clock } from '@vafa/kernel';
import type { idempotent } from '@vafa/platform';
import type { Change } from '../use-cases/change-campaign.ts';

/** Who makes a change: the API key of the request. */
export const changeBy = (request: Parameters<typeof idempotent>[1], clock: Clock): Change => ({
  actor: request.apiKey?.id ?? 'unknown',
  now: clock.now(),
});
