import { ReplayError } from './replay-error.ts';

const TIMEOUT_MS = 3_000;

/** @throws ReplayError when no gateway answers there; `whatToDo` says what would help */
export const findGateway = async (url: string, whatToDo: string): Promise<void> => {
  let answered: boolean;
  try {
    const response = await fetch(`${url}/live`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    answered = response.ok;
    await response.body?.cancel();
  } catch (error) {
    throw new ReplayError(`nothing answers at ${url}: ${whatToDo}`, error);
  }
  if (!answered) throw new ReplayError(`what answers at ${url} is no Vafa gateway: ${whatToDo}`);
};
