import Type, { type Static } from 'typebox';

const ms = (value: number, minimum: number, description: string) =>
  Type.Integer({ default: value, minimum, description });
const secret = (description: string) => Type.String({ default: '', secret: true, description });
const localTime = (value: string, description: string) =>
  Type.String({ default: value, pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description });

/** Settings of the messaging service. Without a provider's key or address its messages wait until they expire. */
export const MessagingSettings = Type.Object({
  MESSAGING_KAVENEGAR_BASE_URL: Type.String({
    default: 'https://api.kavenegar.com',
    description: 'Where the Kavenegar API is; plain http only on this machine itself',
  }),
  MESSAGING_KAVENEGAR_API_KEY: secret('Key of the Kavenegar account. Not set: SMS wait'),
  MESSAGING_KAVENEGAR_SENDER: Type.String({
    default: '',
    pattern: '^([0-9]{3,20})?$',
    description: 'The line SMS are sent from',
  }),
  MESSAGING_LOCAL_ID_OFFSET: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 4_000_000_000_000_000,
    description:
      'Added to message ids to make local ids at Kavenegar; must differ between installations that share an account',
  }),
  MESSAGING_SMTP_URL: secret('smtp://user:password@host:587 or smtps://…. Not set: e-mails wait'),
  MESSAGING_MAIL_FROM: Type.String({
    default: 'Vafa <no-reply@localhost>',
    maxLength: 320,
    description: 'From of e-mails',
  }),
  MESSAGING_DKIM_DOMAIN: Type.String({ default: '', description: 'Domain that signs e-mails; with selector and key' }),
  MESSAGING_DKIM_SELECTOR: Type.String({ default: '', description: 'Selector of the DKIM key' }),
  MESSAGING_DKIM_KEY: secret('RSA private key (PEM; \\n for line ends) for DKIM'),
  MESSAGING_PUBLIC_BASE_URL: Type.String({
    default: 'http://127.0.0.1:4104',
    description: 'Where customers reach this service: unsubscribe links',
  }),
  MESSAGING_LINK_SECRET: secret('Signs unsubscribe links. Not set: one is made and kept in the database'),
  MESSAGING_CALLBACK_SECRET: secret(
    'Last part of the callback paths given to Kavenegar. Not set: one is made and kept in the database',
  ),
  MESSAGING_DEFAULT_LOCALE: Type.String({
    default: 'fa',
    description: 'Of customers that name none, and of templates as a last resort',
  }),
  MESSAGING_DEFAULT_TIME_ZONE: Type.String({ default: 'Asia/Tehran', description: 'Of customers that name none' }),
  MESSAGING_QUIET_FROM: localTime(
    '21:00',
    'Start of the quiet hours, local time of the customer; PUT /v1/contact-policy overrides',
  ),
  MESSAGING_QUIET_TO: localTime('08:00', 'End of the quiet hours'),
  MESSAGING_PROMOTIONAL_PER_DAY: Type.Integer({
    default: 1,
    minimum: 0,
    maximum: 100,
    description: 'Advertisements per customer in any 24 hours',
  }),
  MESSAGING_PROMOTIONAL_PER_WEEK: Type.Integer({
    default: 3,
    minimum: 0,
    maximum: 700,
    description: 'Advertisements per customer in any 7 days',
  }),
  MESSAGING_OPT_OUT_SUFFIX: Type.Boolean({
    default: true,
    description: 'End Persian club and promotional SMS with «لغو11», as service lines must',
  }),
  MESSAGING_SMS_CALLS_PER_SECOND: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 1_000,
    description: 'Calls to Kavenegar, all processes together',
  }),
  MESSAGING_EMAILS_PER_SECOND: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 1_000,
    description: 'E-mails, all processes together',
  }),
  MESSAGING_SMS_TIMEOUT_MS: ms(10_000, 50, 'Longest call to Kavenegar'),
  MESSAGING_EMAIL_TIMEOUT_MS: ms(30_000, 50, 'Longest hand-over of one e-mail'),
  MESSAGING_SMS_PORTION: Type.Integer({
    default: 200,
    minimum: 1,
    maximum: 200,
    description: 'Most SMS claimed at once (Kavenegar takes 200)',
  }),
  MESSAGING_EMAIL_PORTION: Type.Integer({
    default: 50,
    minimum: 1,
    maximum: 200,
    description: 'Most e-mails claimed at once',
  }),
  MESSAGING_EMAIL_CONNECTIONS: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 50,
    description: 'SMTP connections per process',
  }),
  MESSAGING_LEASE_MS: ms(90_000, 100, 'How long a claim lasts; what is not booked by then has an unknown outcome'),
  MESSAGING_UNKNOWN_WAIT_MS: ms(15_000, 10, 'Pause before the provider is asked about an unknown outcome'),
  MESSAGING_RETRY_FIRST_MS: ms(5_000, 10, 'Pause before the second attempt; doubles'),
  MESSAGING_RETRY_MAX_MS: ms(3_600_000, 10, 'Longest pause between attempts'),
  MESSAGING_PAUSE_FIRST_MS: ms(30_000, 10, 'First pause of a channel that is down (no credit, key refused); doubles'),
  MESSAGING_PAUSE_MAX_MS: ms(900_000, 10, 'Longest pause of a channel'),
  MESSAGING_RECEIPT_POLL_MS: ms(600_000, 100, 'How often Kavenegar is asked about SMS without a final receipt'),
  MESSAGING_SEND_POLL_MS: ms(200, 10, 'How often each lane looks for messages to send'),
});
export type MessagingSettings = Static<typeof MessagingSettings>;
