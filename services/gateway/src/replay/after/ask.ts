const TIMEOUT_MS = 30_000;

/** Asks a service something; undefined when it does not answer, or not to this key. */
export type Ask = (url: string) => Promise<Record<string, unknown> | undefined>;

export const createAsk =
  (apiKey: string | undefined, signal: AbortSignal): Ask =>
  async (url) => {
    try {
      const response = await fetch(url, {
        headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      if (response.ok) return (await response.json()) as Record<string, unknown>;
      await response.body?.cancel();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      // A service that restarts (or was not started) refuses the connection: the report says what is not known.
      if (error instanceof TypeError || error instanceof SyntaxError || (error as Error).name === 'TimeoutError')
        return undefined;
      throw error;
    }
  };
