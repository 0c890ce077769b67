/** Why a replay can't begin or go on, in words for the terminal; what was acknowledged is kept. */
export class ReplayError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ReplayError';
  }
}
