import { LIFECYCLE_STATES } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import { countByState, countDue } from '../store/read-customers.ts';
import { findSettings, type StoredSettings } from '../store/settings.ts';
import { changeSettings } from '../use-cases/change-settings.ts';
import { ChangeSettingsBody, CountsBody, SegmentsBody, SettingsBody, segmentIdOf } from './schemas.ts';

const tags = ['lifecycle'];

const settingsBody = ({ thresholds, version, changedBy, changedAt, reviewedAt }: StoredSettings) => ({
  ...thresholds,
  version,
  ...(changedBy && { changedBy }),
  ...(changedAt && { changedAt: String(changedAt) }),
  reviewed: version === 0 || reviewedAt !== undefined,
});

/** Counts per state, and the thresholds. */
export const lifecycleRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/lifecycle/counts',
    {
      schema: { tags, summary: 'How many customers are in each lifecycle state', response: { 200: CountsBody } },
      config: { scope: 'segments:read' },
    },
    async () => {
      const [found, due] = await Promise.all([countByState(sql), countDue(sql, clock.now())]);
      const counts = Object.fromEntries(LIFECYCLE_STATES.map((state) => [state, found.get(state) ?? 0]));
      return { counts, total: [...found.values()].reduce((sum, count) => sum + count, 0), due };
    },
  );

  app.get(
    '/v1/segments',
    {
      schema: { tags, summary: 'All segments; every lifecycle state is one', response: { 200: SegmentsBody } },
      config: { scope: 'segments:read' },
    },
    async () => {
      const found = await countByState(sql);
      return {
        segments: LIFECYCLE_STATES.map((state) => ({
          segmentId: segmentIdOf(state),
          customers: found.get(state) ?? 0,
        })),
      };
    },
  );

  app.get(
    '/v1/lifecycle/settings',
    {
      schema: { tags, summary: 'The thresholds that hold now', response: { 200: SettingsBody } },
      config: { scope: 'segments:admin' },
    },
    async () => settingsBody(present((await findSettings(sql)).at(-1), 'settings')),
  );

  app.put(
    '/v1/lifecycle/settings',
    {
      schema: {
        tags,
        summary: 'Sets the thresholds; all customers are looked at again',
        body: ChangeSettingsBody,
        response: { 200: SettingsBody },
      },
      config: { scope: 'segments:admin' },
    },
    (request, reply) => {
      const { version, ...thresholds } = request.body;
      const actor = request.apiKey?.id ?? 'unknown';
      return idempotent(context, request, reply, 200, async (tx) =>
        settingsBody(await changeSettings(tx, { thresholds, expectedVersion: version, actor }, clock.now())),
      );
    },
  );
};
