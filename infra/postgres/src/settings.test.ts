import { expect, test } from 'vitest';
import { serverArguments } from './settings.ts';

test('the caller’s settings come along with the launcher’s own', () => {
  const line = serverArguments('/data', 5433, { 'auto_explain.log_min_duration': '1s' }).join(' ');
  expect(line).toContain('-D /data -c auto_explain.log_min_duration=1s -c listen_addresses=127.0.0.1 -c port=5433');
});

test.each(['port', 'LISTEN_ADDRESSES', 'x y', '-c', ''])('the setting "%s" is refused', (name) => {
  expect(() => serverArguments('/data', 5433, { [name]: '1' })).toThrow(
    expect.objectContaining({ code: 'bad_setting' }),
  );
});
