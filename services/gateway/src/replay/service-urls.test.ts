import { expect, test } from 'vitest';
import { ReplayError } from './replay-error.ts';
import { serviceUrlsOf } from './service-urls.ts';

test('services are found at the ports after that of the gateway', () => {
  expect(serviceUrlsOf('http://127.0.0.1:4100/')).toEqual({
    gateway: 'http://127.0.0.1:4100',
    ledger: 'http://127.0.0.1:4101',
    segmentation: 'http://127.0.0.1:4102',
    campaigns: 'http://127.0.0.1:4103',
    messaging: 'http://127.0.0.1:4104',
    reminders: 'http://127.0.0.1:4105',
  });
});

test('unless they are given', () => {
  const urls = serviceUrlsOf('https://gate.example', { ledger: 'https://ledger.example/' });
  expect(urls).toMatchObject({
    gateway: 'https://gate.example',
    ledger: 'https://ledger.example',
    messaging: 'https://gate.example:447',
  });
});

test.each(['', 'gateway', 'ftp://x', 'http://'])('%j is no address', (url) => {
  expect(() => serviceUrlsOf(url)).toThrow(ReplayError);
});
