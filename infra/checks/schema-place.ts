/** Where the tables of a schema are declared and its migrations kept, from the root. */
export const schemaPlace = (name: string): { schema: string; out: string } => {
  if (name === 'bus') return { schema: 'libs/bus/src/pg-log/schema.ts', out: 'libs/bus/migrations' };
  if (name === 'auth') return { schema: 'libs/platform/src/auth/schema.ts', out: 'libs/platform/migrations' };
  return { schema: `services/${name}/src/store/schema.ts`, out: `services/${name}/migrations` };
};
