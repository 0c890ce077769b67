import type { FieldProblem } from '@vafa/kernel';

const AMOUNT = /(amountMinor|totalMinor)$/;
const ID = /(Id|\/sku|\/into)$/;
const PATTERN = 'must match pattern';

/** Says what is allowed in words of the shop, where the schema's own message speaks of patterns and bounds only. */
const explainProblem = ({ path, message }: FieldProblem): FieldProblem => {
  if (path === '/currency') return { path, message: 'must be an ISO 4217 currency code in capitals, e.g. IRR or EUR' };
  if (AMOUNT.test(path))
    return {
      path,
      message: `${message}; amounts are integers in minor units of the currency, not negative (1999 is 19.99 EUR)`,
    };
  if (ID.test(path) && (message.startsWith(PATTERN) || message.includes('characters')))
    return {
      path,
      message: 'must be 1 to 128 characters, none of them a control or half character, without blanks at the ends',
    };
  if (message.startsWith(PATTERN) && path === '/interactionType')
    return { path, message: 'must be lower-case words joined by dots, e.g. product.viewed' };
  return { path, message };
};

const MISSING = /^must have required propert(?:y|ies) (.+)$/;

/** What is missing is named by its own path, each field by itself. */
const apart = ({ path, message }: FieldProblem): FieldProblem[] => {
  const names = MISSING.exec(message)?.[1];
  return names
    ? names.split(', ').map((name) => ({ path: `${path}/${name}`, message: 'is required' }))
    : [{ path, message }];
};

/** One problem per field is enough where several messages come to the same. */
export const explainProblems = (problems: readonly FieldProblem[], most: number): FieldProblem[] => {
  const seen = new Set<string>();
  const explained: FieldProblem[] = [];
  for (const problem of problems.flatMap(apart)) {
    const { path, message } = explainProblem(problem);
    if (seen.has(`${path} ${message}`)) continue;
    seen.add(`${path} ${message}`);
    explained.push({ path, message });
    if (explained.length === most) break;
  }
  return explained;
};
