/** Texts beyond this are not searched for the place of the fault: each try parses them again. */
const MAX_SEARCHED = 64 * 1024;

export interface FaultPosition {
  /** Characters before the fault. */
  position: number;
  /** Counted from 1. */
  line: number;
  column: number;
}

/**
 * Where malformed JSON goes wrong, if it can be told. The engine names the position in some of its messages only, and
 * quotes the input in others, which may hold a phone number; so its text is never passed on.
 */
export const faultPositionOf = (text: string): FaultPosition | undefined => {
  const outcome = tryParse(text);
  if (outcome === 'fine') return undefined;
  if (outcome === 'incomplete') return locate(text, text.length);
  if (typeof outcome === 'number') return locate(text, outcome);
  if (text.length > MAX_SEARCHED) return undefined;
  // The longest beginning that could still become JSON ends where the fault begins.
  let viable = 0;
  let faulty = text.length;
  while (faulty - viable > 1) {
    const middle = (viable + faulty) >> 1;
    const part = tryParse(text.slice(0, middle));
    if (part === 'fine' || part === 'incomplete' || part === middle) viable = middle;
    else faulty = middle;
  }
  return locate(text, viable);
};

type Outcome = 'fine' | 'incomplete' | 'faulty' | number;

const tryParse = (text: string): Outcome => {
  try {
    JSON.parse(text);
    return 'fine';
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const position = /at position (\d+)/.exec(error.message)?.[1];
    if (position !== undefined) return Number(position);
    return error.message.startsWith('Unexpected end') ? 'incomplete' : 'faulty';
  }
};

const locate = (text: string, position: number): FaultPosition => {
  const before = text.slice(0, position);
  const lastBreak = before.lastIndexOf('\n');
  return { position, line: before.split('\n').length, column: position - lastBreak };
};
