import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLog, redactText } from './log.ts';

const written = (use: (log: ReturnType<typeof createLog>) => void): string => {
  let text = '';
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  use(createLog({ level: 'debug', service: 'test', destination }));
  return text;
};

it.each([
  ['call +989121234567 now', '+989121234567'],
  ['mail to sara@example.com failed', 'sara@example.com'],
  ['POST https://api.example/v1/0123456789ABCDEF0123/sms/send.json', '0123456789ABCDEF0123'],
  ['key vafa_abcdefghijklmnopqrstuvwxyz012345', 'vafa_abcdefghijklmnopqrstuvwxyz012345'],
])('redacts in "%s"', (text, secret) => {
  expect(redactText(text)).not.toContain(secret);
  expect(redactText(text)).toContain('[redacted]');
});

it('redacts fields by name, down to the third level', () => {
  const text = written((log) =>
    log.info({ phone: '+989121234567', customer: { email: 'a@b.example' }, deep: { er: { token: 'tttt' } } }, 'x'),
  );
  expect(text).not.toMatch(/989121234567|a@b\.example|tttt/);
});

it('keeps the parameters of a failed query out of the log', () => {
  const error = Object.assign(new Error('duplicate key for sara@example.com'), {
    code: '23505',
    detail: 'Key (email)=(sara@example.com) already exists.',
    parameters: ['+989121234567'],
  });
  const text = written((log) => log.error({ err: error }, 'failed'));
  expect(text).toContain('23505');
  expect(text).not.toMatch(/sara@example|989121234567/);
});
