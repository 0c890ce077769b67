import Type, { type Static } from 'typebox';

/** Settings of every process, whatever services it runs. */
export const PlatformSettings = Type.Object({
  VAFA_HOST: Type.String({ default: '127.0.0.1', description: 'Address the HTTP servers listen on' }),
  VAFA_PORT_BASE: Type.Integer({
    default: 4100,
    minimum: 0,
    maximum: 65_000,
    description: 'Port of the gateway; the other services follow it. 0 = any free port',
  }),
  VAFA_LOG_LEVEL: Type.Unsafe<'debug' | 'info' | 'warn' | 'error' | 'silent'>({
    type: 'string',
    enum: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    description: 'Least severe level that is logged',
  }),
  DATABASE_URL: Type.String({
    default: '',
    secret: true,
    description: 'PostgreSQL 15 or newer; a role that may create roles and schemas. Not set: `npm start` runs its own',
  }),
  VAFA_ROLE_SECRET: Type.String({
    default: '',
    secret: true,
    description: 'The passwords of the service roles are derived from it; the same for all processes',
  }),
  VAFA_DATABASE_POOL: Type.Integer({
    default: 5,
    minimum: 3,
    maximum: 50,
    description: 'Connections per service, at least two more than BUS_CONCURRENCY',
  }),
  VAFA_STATEMENT_TIMEOUT_MS: Type.Integer({ default: 10_000, minimum: 100, description: 'Longest SQL statement' }),
  KAFKA_BROKERS: Type.String({
    default: '',
    description: 'host:port, comma separated. Not set: the log in Postgres is the bus',
  }),
  KAFKA_TLS: Type.Boolean({ default: false, description: 'TLS to the brokers' }),
  KAFKA_SASL_MECHANISM: Type.Unsafe<'' | 'plain' | 'scram-sha-256' | 'scram-sha-512'>({
    type: 'string',
    enum: ['', 'plain', 'scram-sha-256', 'scram-sha-512'],
    default: '',
    description: 'How to log in to the brokers; empty for no login',
  }),
  KAFKA_USERNAME: Type.String({ default: '', description: 'For SASL' }),
  KAFKA_PASSWORD: Type.String({ default: '', secret: true, description: 'For SASL' }),
  KAFKA_REPLICATION: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 5,
    description: 'Replicas of topics that are created',
  }),
  KAFKA_SESSION_TIMEOUT_MS: Type.Integer({
    default: 45_000,
    minimum: 6_000,
    description: 'Silence after which a member loses its partitions',
  }),
  BUS_LOG_PARTITIONS: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 64,
    description: 'Partitions per topic of the log in Postgres; fixed once created',
  }),
  BUS_LOG_RETENTION_HOURS: Type.Integer({
    default: 168,
    minimum: 1,
    description: 'Age at which handled records leave the log in Postgres',
  }),
  BUS_LOG_PARTITION_BYTES: Type.Integer({
    default: 1_000_000_000,
    minimum: 1_000_000,
    description: 'Size of a partition beyond which handled records leave early',
  }),
  BUS_LEASE_MS: Type.Integer({
    default: 10_000,
    minimum: 300,
    description: 'Silence after which a member of the log in Postgres loses its partitions',
  }),
  BUS_MAX_BATCH: Type.Integer({ default: 500, minimum: 1, maximum: 5_000, description: 'Most events per transaction' }),
  BUS_CONCURRENCY: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 16,
    description: 'Transactions a service has under way at the same time for what it hears',
  }),
  BUS_FUTURE_TOLERANCE_MS: Type.Integer({
    default: 600_000,
    minimum: 0,
    description: 'How far ahead of our clock an event may claim to have happened',
  }),
  BUS_PATIENCE_MS: Type.Integer({
    default: 3_600_000,
    minimum: 1_000,
    description: 'How long an event may wait for what it needs before it is parked',
  }),
  HTTP_BODY_LIMIT_BYTES: Type.Integer({ default: 1_048_576, minimum: 1_024, description: 'Largest request body' }),
  HTTP_REQUEST_TIMEOUT_MS: Type.Integer({
    default: 30_000,
    minimum: 1_000,
    description: 'Longest time to receive a request',
  }),
  HTTP_RATE_LIMIT_PER_MINUTE: Type.Integer({
    default: 120_000,
    minimum: 1,
    description: 'Requests per API key (or address) and minute',
  }),
  HTTP_IDEMPOTENCY_HOURS: Type.Integer({
    default: 24,
    minimum: 1,
    description: 'How long answers to Idempotency-Keys are kept',
  }),
  STOP_TIMEOUT_MS: Type.Integer({ default: 25_000, minimum: 100, description: 'Longest time for an orderly stop' }),
});
export type PlatformSettings = Static<typeof PlatformSettings>;
