import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, settingsTable } from './load-config.ts';

const Settings = Type.Object({
  PORT: Type.Integer({ default: 80, minimum: 1, maximum: 65_535, description: 'Where to listen' }),
  MODE: Type.Unsafe<'a' | 'b'>({ type: 'string', enum: ['a', 'b'], default: 'a', description: 'How' }),
  TLS: Type.Boolean({ default: false, description: 'Encrypt' }),
  KEY: Type.String({ minLength: 8, secret: true, description: 'The key' }),
});

const problemsWith = (variables: Record<string, string>): readonly string[] => {
  try {
    loadConfig(Settings, variables);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('loadConfig', () => {
  it('takes defaults and converts text', () => {
    expect(loadConfig(Settings, { KEY: 'long enough', PORT: '8080', TLS: 'true' })).toEqual({
      PORT: 8080,
      MODE: 'a',
      TLS: true,
      KEY: 'long enough',
    });
  });

  it('counts empty text as not set', () => {
    expect(loadConfig(Settings, { KEY: 'long enough', PORT: '' }).PORT).toBe(80);
  });

  it('names every problem at once and what is allowed', () => {
    const problems = problemsWith({ KEY: 'short', PORT: '70000', MODE: 'c', TLS: 'maybe' });
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(/PORT = 70000 must be <= 65535/);
    expect(problems.join('\n')).toMatch(/MODE = "c" must be one of a, b/);
  });

  it('names what is missing with its description', () => {
    expect(problemsWith({})).toEqual(['KEY is not set: The key']);
  });

  it('never shows a secret', () => {
    expect(problemsWith({ KEY: 'hunter2' }).join()).not.toContain('hunter2');
  });
});

it('describes settings without the values of secrets', () => {
  const rows = settingsTable(Settings);
  expect(rows[0]).toEqual(['`PORT`', 'integer', '`80`', 'Where to listen']);
  expect(rows[3]).toEqual(['`KEY`', 'string, secret', '–', 'The key']);
});
