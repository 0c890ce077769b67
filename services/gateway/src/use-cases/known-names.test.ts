import { expect, test } from 'vitest';
import { knownLocale, knownZone } from './known-names.ts';

test.each([
  ['Asia/Tehran', 'Asia/Tehran'],
  ['asia/tehran', 'Asia/Tehran'],
  ['UTC', 'UTC'],
  ['+03:30', undefined],
  ['Etc/GMT+3', undefined],
  ['Europe/Nowhere', undefined],
  ['2020-01-01T00:00Z', undefined],
  ['Asia/Tehran[u-ca=persian]', undefined],
  ['', undefined],
])('zone %j is %j', (given, expected) => {
  expect(knownZone(given)).toBe(expected);
  expect(knownZone(given)).toBe(expected);
});

test.each([
  ['fa', 'fa'],
  ['fa-ir', 'fa-IR'],
  ['en_GB', 'en-GB'],
  ['zh-hans-cn', 'zh-Hans-CN'],
  ['english', undefined],
  ['x', undefined],
  ['', undefined],
  ['i-klingon', undefined],
])('locale %j is %j', (given, expected) => {
  expect(knownLocale(given)).toBe(expected);
});
