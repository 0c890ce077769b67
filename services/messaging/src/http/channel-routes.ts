import { type HttpApp, idempotent } from '@vafa/platform';
import Type from 'typebox';
import { gateOf } from '../domain/channel-circuit.ts';
import { CHANNELS, type Channel } from '../domain/purposes.ts';
import { type MessagingContext, partsOf } from '../parts.ts';
import { recordAdminChange } from '../store/admin-changes.ts';
import { findChannel } from '../store/channels.ts';
import { measureChannels } from '../store/gauges.ts';
import { openChannel } from '../use-cases/channel-gate.ts';
import { ChannelField, changeBy, NullableText } from './shapes.ts';

const tags = ['channels'];

const ChannelBody = Type.Object({
  channel: ChannelField,
  state: Type.String({
    description: 'open · closed: paused · probing: one message at a time tries whether it works again · not_configured',
  }),
  reason: NullableText,
  pausedUntil: NullableText,
  due: Type.Integer({ description: 'Messages whose time has come' }),
  oldestDueSeconds: Type.Number(),
  held: Type.Integer({ description: 'Messages with an unknown outcome that wait for an operator' }),
});
const ChannelList = Type.Object({ channels: Type.Array(ChannelBody) }, { description: 'How the channels stand' });

/** How the ways to customers stand, and opening one again after its trouble is over. */
export const channelRoutes = (app: HttpApp, context: MessagingContext): void => {
  const { sql, clock } = context;
  const describe = async (channel: Channel, gauge: { due: number; oldestDueSeconds: number; held: number }) => {
    const circuit = await findChannel(sql, channel);
    const state = partsOf(context)[channel] ? gateOf(circuit, clock.now()) : 'not_configured';
    return { ...gauge, channel, state, reason: circuit.reason, pausedUntil: circuit.pausedUntil?.toString() ?? null };
  };
  const all = async () => {
    const gauges = await measureChannels(sql, CHANNELS, clock.now());
    return { channels: await Promise.all(gauges.map((gauge) => describe(gauge.channel, gauge))) };
  };
  app.get(
    '/v1/channels',
    {
      schema: { tags, summary: 'Are SMS and e-mail going out?', response: { 200: ChannelList } },
      config: { scope: 'messages:read' },
    },
    all,
  );
  app.post(
    '/v1/channels/:channel/open',
    {
      schema: {
        tags,
        summary: 'End the pause of a channel now',
        params: Type.Object({ channel: ChannelField }),
        response: { 200: ChannelList },
      },
      config: { scope: 'messages:write' },
    },
    async (request, reply) => {
      const { channel } = request.params;
      const { actor, now } = changeBy(request, clock.now());
      await idempotent(context, request, reply, 200, async (tx) => {
        const opened = await openChannel(tx, channel, now);
        if (opened)
          await recordAdminChange(tx, {
            at: now,
            actor,
            subject: `channel/${channel}`,
            before: { state: 'paused' },
            after: { state: 'open' },
          });
        return { opened };
      });
      return all();
    },
  );
};
