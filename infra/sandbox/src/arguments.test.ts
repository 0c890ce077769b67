import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

describe('readArguments', () => {
  it('reads all flags', () => {
    const chaos =
      '{"rejectRate":0.08,"acceptThen500Rate":0.02,"acceptThenHangRate":0.02,"dedupe":false,"seed":1,"mail":{"rejectRate":0.1}}';
    const args = ['--port', '1', '--smtp-port', '2', '--inbox-port', '3', '--record', 'f', '--chaos', chaos];
    expect(readArguments([...args, '--callback-url', 'http://127.0.0.1:9/x', '--api-key', 'k'])).toEqual({
      smsPort: 1,
      smtpPort: 2,
      inboxPort: 3,
      recordFile: 'f',
      callbackUrl: 'http://127.0.0.1:9/x',
      apiKey: 'k',
      chaos: JSON.parse(chaos),
    });
    expect(readArguments([])).toEqual({});
    expect(readArguments(['--help'])).toBeUndefined();
  });

  it.each([
    [['--port', '70000'], /--port must be 0 to 65535/],
    [['--port', 'x'], /--port/],
    [['--chaos', '{'], /--chaos is no JSON/],
    [['--chaos', '[]'], /must be a JSON object/],
    [['--chaos', '{"acceptThen500rate":1}'], /acceptThen500rate is unknown/],
    [
      ['--chaos', '{"dedupe":1,"mail":{"hangRate":"a"}}'],
      /dedupe must be true or false; mail.hangRate must be a number/,
    ],
    [['--unknown'], /unknown/i],
  ])('refuses %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(message);
  });
});
