import { expect, test } from 'vitest';
import { majorJavaVersion } from './java.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
  ['openjdk version "26" 2026-03-17', 26],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "21-ea" 2023-09-19', 21],
  ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
])('reads the major version of %j', (output, major) => {
  expect(majorJavaVersion(output)).toBe(major);
});
