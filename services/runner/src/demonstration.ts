/** What an empty database gets, so that the first purchase shows something. All through the public API. */

const TIMEOUT_MS = 15_000;

/** Texts of the welcome message, by channel and locale. */
const TEMPLATES: readonly {
  id: string;
  channel: 'sms' | 'email';
  locale: string;
  subject?: string;
  /** Plain text. */
  body: string;
  html?: string;
}[] = [
  {
    id: 'welcome',
    channel: 'sms',
    locale: 'fa',
    body: 'خوش آمدید! با این خرید {{ points | fa_digits }} امتیاز گرفتید. موجودی شما {{ balanceAfter | fa_digits }} امتیاز است.',
  },
  {
    id: 'welcome',
    channel: 'sms',
    locale: 'en',
    body: 'Welcome! You earned {{ points }} points with this purchase. Your balance is {{ balanceAfter }} points.',
  },
  {
    id: 'welcome',
    channel: 'email',
    locale: 'fa',
    subject: 'به باشگاه مشتریان خوش آمدید',
    body: 'سلام {{ customer.name }}،\n\nاز خرید شما سپاسگزاریم. با این خرید {{ points | fa_digits }} امتیاز گرفتید و موجودی شما اکنون {{ balanceAfter | fa_digits }} امتیاز است.',
    html: '<p>سلام {{ customer.name }}،</p><p>از خرید شما سپاسگزاریم. با این خرید <b>{{ points | fa_digits }}</b> امتیاز گرفتید و موجودی شما اکنون <b>{{ balanceAfter | fa_digits }}</b> امتیاز است.</p>',
  },
  {
    id: 'welcome',
    channel: 'email',
    locale: 'en',
    subject: 'Welcome to the club',
    body: 'Hello {{ customer.name }},\n\nThank you for your purchase. You earned {{ points }} points with it, and your balance is now {{ balanceAfter }} points.',
    html: '<p>Hello {{ customer.name }},</p><p>Thank you for your purchase. You earned <b>{{ points }}</b> points with it, and your balance is now <b>{{ balanceAfter }}</b> points.</p>',
  },
  {
    id: 'coffee-again',
    channel: 'sms',
    locale: 'fa',
    body: 'قهوه‌تان رو به پایان است؟ سفارش بعدی شما آماده است.',
  },
  { id: 'coffee-again', channel: 'sms', locale: 'en', body: 'Running out of coffee? Your next order is a click away.' },
];

const CONSENTS = (['sms', 'email'] as const).flatMap((channel) =>
  (['service', 'promotional'] as const).map((purpose) => ({
    channel,
    purpose,
    granted: true,
    source: 'demonstration',
  })),
);

/** Makes the programme, the templates, the welcome campaign, the reminder and two customers. Repeating it is harmless. */
export const seedDemonstration = async (urls: Record<string, string>, apiKey: string): Promise<void> => {
  const call = async (service: string, method: string, path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${urls[service]}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': `demonstration ${method} ${path}`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok)
      throw new Error(`the demonstration failed at ${method} ${path}: ${answer.status} ${await answer.text()}`);
  };

  await call('ledger', 'PUT', '/v1/programme', {
    name: 'Demonstration',
    rates: [
      { currency: 'IRR', points: 1, perMinor: 10_000 },
      { currency: 'GBP', points: 1, perMinor: 100 },
      { currency: 'USD', points: 1, perMinor: 100 },
    ],
    rounding: 'floor',
    expiresAfterDays: 365,
    expiringSoonDays: 30,
    reservationTtlSeconds: 900,
    returnPolicy: 'allow_negative',
    timeZone: 'Asia/Tehran',
  });
  for (const { id, channel, locale, ...content } of TEMPLATES)
    await call('messaging', 'PUT', `/v1/templates/${id}/${channel}/${locale}`, content);
  await call('campaigns', 'POST', '/v1/campaigns', {
    id: 'welcome',
    name: 'Welcome, with the first points',
    purpose: 'transactional',
    messages: [
      { channel: 'sms', templateId: 'welcome' },
      { channel: 'email', templateId: 'welcome' },
    ],
    trigger: { kind: 'event', eventType: 'points.earned' },
    frequency: 'once_per_customer',
    timeToLive: 'PT1H',
  });
  await call('campaigns', 'POST', '/v1/campaigns/welcome/activate', {});
  await call('reminders', 'POST', '/v1/reminder-definitions', {
    id: 'coffee-again',
    name: 'Coffee runs out after three weeks',
    kind: 'replenishment',
    category: 'coffee',
    afterDays: 21,
    timeOfDay: '10:00',
    messages: [{ channel: 'sms', templateId: 'coffee-again' }],
    purpose: 'promotional',
    timeToLive: 'P2D',
  });
  await call('gateway', 'PUT', '/v1/customers/sara', {
    name: 'سارا',
    phone: '۰۹۱۲۱۲۳۴۵۶۷',
    email: 'sara@example.com',
    locale: 'fa',
    timeZone: 'Asia/Tehran',
    consents: CONSENTS,
  });
  await call('gateway', 'PUT', '/v1/customers/john', {
    name: 'John',
    phone: '+447400123456',
    email: 'john@example.com',
    locale: 'en',
    timeZone: 'Europe/London',
    consents: CONSENTS,
  });
};
