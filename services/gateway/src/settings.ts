import Type, { type Static } from 'typebox';

export const GatewaySettings = Type.Object({
  GATEWAY_BODY_LIMIT_BYTES: Type.Integer({
    default: 1_048_576,
    minimum: 1_024,
    maximum: 67_108_864,
    description: 'Largest body of a request to the gateway; more is refused with 413',
  }),
  GATEWAY_FUTURE_TOLERANCE_MS: Type.Integer({
    default: 600_000,
    minimum: 0,
    description: 'How far ahead of our clock an event may claim to have happened',
  }),
  GATEWAY_PHONE_REGION: Type.String({
    default: 'IR',
    pattern: '^[A-Z]{2}$',
    description: 'Region (ISO 3166) of phone numbers written without a country code',
  }),
});
export type GatewaySettings = Static<typeof GatewaySettings>;
