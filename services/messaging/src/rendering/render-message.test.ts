import { AppError } from '@vafa/kernel';
import { describe, expect, test } from 'vitest';
import { checkTemplate, type RenderInput, renderMessage, type TemplateParts } from './render-message.ts';

const sms = (body: string, locale = 'fa'): TemplateParts => ({
  channel: 'sms',
  locale,
  subject: null,
  body,
  html: null,
});
const email = (parts: Partial<TemplateParts>): TemplateParts => ({
  ...{ channel: 'email', locale: 'fa', subject: 'سلام', body: 'متن', html: null },
  ...parts,
});
const input = (params: RenderInput['params'] = {}, more: Partial<RenderInput> = {}): RenderInput => ({
  params,
  purpose: 'transactional',
  customer: { id: 'c1', name: 'سارا' },
  timeZone: 'Asia/Tehran',
  unsubscribeUrl: null,
  optOutSuffix: true,
  ...more,
});
const text = (body: string, params: RenderInput['params'] = {}, locale = 'fa') =>
  renderMessage(sms(body, locale), input(params)).text;
const refusal = (work: () => unknown): AppError => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe('filling in', () => {
  test.each([
    ['{{ name }} عزیز', {}, 'سارا عزیز'],
    ['{{ name }}', { name: 'علی' }, 'علی'],
    ['{{ customer.name }}/{{ customer.id }}', { customer: 'x' }, 'سارا/c1'],
    ['{{ at | jalali }}', { at: '2026-11-21T08:00:00Z' }, 'شنبه ۳۰ آبان ۱۴۰۵'],
    ['{{ at | jalali }}', { at: '2026-11-21T21:00:00Z' }, 'یکشنبه ۱ آذر ۱۴۰۵'],
    ['{{ at | jalali }}', { at: '2026-11-21' }, 'شنبه ۳۰ آبان ۱۴۰۵'],
    ['{{ at | jalali }}', { at: 'soon' }, 'soon'],
    ['{{ n | fa_digits }}', { n: 120 }, '۱۲۰'],
    ['{{ n | number }}', { n: 1234567 }, '۱٬۲۳۴٬۵۶۷'],
    ['{{ rials | toman }} تومان', { rials: 12_500_000 }, '۱٬۲۵۰٬۰۰۰ تومان'],
    ['{{ rials | toman }}', { rials: '125' }, '۱۲٫۵'],
    ['{{ rials | toman }}', { rials: 'free' }, 'free'],
    ['{% if points > 100 %}زیاد{% else %}کم{% endif %}', { points: 150 }, 'زیاد'],
  ])('%s with %j', (body, params, expected) => {
    expect(text(body, params)).toBe(expected);
  });

  test('numbers as the locale writes them', () => {
    expect(text('{{ n | number }} {{ n | toman }}', { n: 1234567 }, 'en')).toBe('1,234,567 123,456.7');
  });

  test('what is missing comes out empty and is named', () => {
    const rendered = renderMessage(sms('{{ points }} {{ customer.name }} {{ shop.name }} x'), input());
    expect(rendered.text).toBe('سارا  x');
    expect(rendered.missing).toEqual(['points', 'shop.name']);
  });

  test('what lies outside the values is out of reach', () => {
    expect(text('[{{ x.constructor }}{{ x.__proto__ }}{{ constructor }}{{ process.env }}]', { x: 'a' })).toBe('[]');
  });
});

describe('SMS', () => {
  test('the word that stops the line is added before segments are counted', () => {
    const body = 'س'.repeat(66);
    expect(renderMessage(sms(body), input()).segments).toMatchObject({ units: 66, segments: 1 });
    const promotional = renderMessage(sms(body), input({}, { purpose: 'promotional' }));
    expect(promotional.text.endsWith('\nلغو11')).toBe(true);
    expect(promotional.segments).toMatchObject({ units: 72, segments: 2 });
    expect(
      renderMessage(sms(body), input({}, { purpose: 'promotional', optOutSuffix: false })).segments?.segments,
    ).toBe(1);
  });

  test.each([
    ['nothing', '{{ nothing }}', 'empty'],
    ['too much', 'س'.repeat(1_801), '1801 characters'],
  ])('%s comes out: refused', (_name, body, message) => {
    const error = refusal(() => renderMessage(sms(body), input()));
    expect(error.code).toBe('messaging.template_failed');
    expect(error.message).toContain(message);
  });
});

describe('e-mail', () => {
  test('without HTML of its own a page is made from the text: right to left, Tahoma, links isolated, nothing unescaped', () => {
    const body = 'سلام {{ name }}\n\nببینید: https://shop.example/a?b=1&c=2.';
    const { html, text: plain } = renderMessage(email({ body }), input({ name: '<b>سارا</b>' }));
    expect(plain).toBe('سلام <b>سارا</b>\n\nببینید: https://shop.example/a?b=1&c=2.\n');
    expect(html).toContain('<html lang="fa" dir="rtl">');
    expect(html).toContain('text-align:right;font-family:Vazirmatn,Tahoma');
    expect(html).toContain('سلام &lt;b&gt;سارا&lt;/b&gt;</p>');
    expect(html).toContain('<a href="https://shop.example/a?b=1&amp;c=2"><bdi dir="ltr">');
  });

  test('English reads from left to right', () => {
    const { html } = renderMessage(email({ locale: 'en', subject: 'Hi', body: 'text' }), input());
    expect(html).toContain('<html lang="en" dir="ltr">');
    expect(html).toContain('text-align:left');
  });

  test('values in HTML are escaped, and there is no way around it', () => {
    const { html } = renderMessage(email({ html: '<p>{{ v }}</p>' }), input({ v: '<script>' }));
    expect(html).toContain('<p>&lt;script&gt;</p>');
    expect(refusal(() => checkTemplate(email({ html: '{{ v | raw }}' }))).code).toBe('messaging.template_invalid');
  });

  test('a whole page of its own is left as it is', () => {
    const page = '<html><body><p>x</p></body></html>';
    expect(renderMessage(email({ html: page }), input()).html).toBe(page);
  });

  test('the way out stands in the text and on the page', () => {
    const unsubscribeUrl = 'https://shop.example/u/abc';
    for (const html of [null, '<p>x</p>', '<html><body><p>x</p></body></html>']) {
      const rendered = renderMessage(email({ html }), input({}, { unsubscribeUrl }));
      expect(rendered.text).toContain(`لغو دریافت این پیام‌ها: ${unsubscribeUrl}`);
      expect(rendered.html).toMatch(
        /<a href="https:\/\/shop.example\/u\/abc"[^>]*>لغو دریافت[^<]*<\/a><\/p>\s*(<\/body>|<\/td>)/,
      );
    }
  });

  test('a subject is one line', () => {
    expect(renderMessage(email({ subject: 'a\r\nBcc: x@y\n{{ v }}' }), input({ v: 'b\nc' })).subject).toBe(
      'a Bcc: x@y b c',
    );
  });
});

describe('what is no template', () => {
  test.each([
    ['سلام\n  {{ name }', 2, 3],
    ['a\n{% if x %} b', 2, 1],
    ['{{ x | shout }}', 1, 1],
    ['ab{% include "secrets" %}', 1, 3],
    ['{% render "secrets" %}', 1, 1],
    ['{% layout "secrets" %}', 1, 1],
  ])('%j is refused at line %i, column %i', (body, line, column) => {
    const error = refusal(() => checkTemplate(sms(body)));
    expect(error.kind).toBe('invalid');
    expect(error.details).toMatchObject({ part: 'body', line, column });
    expect(error.message).toContain(`line ${line}, column ${column}`);
  });

  test('variables are named', () => {
    expect(
      checkTemplate(email({ subject: '{{ a }}', body: '{{ b.c }}', html: '{% for i in (1..3) %}{{ d }}{% endfor %}' })),
    ).toEqual(['a', 'b.c', 'd']);
  });

  test('one that would run for ever or fill the memory is stopped', () => {
    const endless = '{% for a in (1..100000) %}{% for b in (1..100000) %}{{ b }}{% endfor %}{% endfor %}';
    const growing =
      '{% assign s = "aaaaaaaaaa" %}{% for i in (1..1000) %}{% assign s = s | append: s %}{% endfor %}{{ s }}';
    for (const body of [endless, growing]) expect(refusal(() => text(body)).message).toMatch(/limit exceeded/);
  });
});
