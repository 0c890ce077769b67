import { expect, test } from 'vitest';
import { serverProperties } from './server-properties.ts';

const settings = { port: 20_001, controllerPort: 20_002, dataDir: 'C:\\data' };

test('listens on loopback alone', () => {
  const hosts = [...serverProperties(settings).matchAll(/\/\/([^:]+):/g)].map((match) => match[1]);
  expect(hosts).toHaveLength(4);
  expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
});

test('a backslash in a path stays one', () => {
  expect(serverProperties(settings)).toContain('log.dirs=C:\\\\data\n');
});

test('extra lines come last, so that they win over the defaults', () => {
  const text = serverProperties({ ...settings, extraConfig: { 'auto.create.topics.enable': 'true' } });
  expect(text.match(/^auto\.create\.topics\.enable=(.*)$/gm)).toEqual(['auto.create.topics.enable=true']);
});

test('extra lines may not open the broker to the network', () => {
  expect(() => serverProperties({ ...settings, extraConfig: { listeners: 'PLAINTEXT://0.0.0.0:1' } })).toThrow(
    /listeners/,
  );
});
