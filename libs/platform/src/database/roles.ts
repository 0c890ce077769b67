import { createHmac } from 'node:crypto';

/** Where the parts of the house find their database. */
export interface DatabaseAccess {
  /** May create roles and schemas: used for migrating only. */
  adminUrl: string;
  /** Passwords of the service roles follow from it; distributed services are given their own URL instead. */
  roleSecret: string;
}

/** The Postgres role of a service (or of the bus). */
export const roleOf = (service: string): string => `vafa_${service}`;

/** The role's password: derived, so that it need not be stored. */
export const rolePassword = (access: DatabaseAccess, service: string): string =>
  createHmac('sha256', access.roleSecret).update(roleOf(service)).digest('base64url');

/** The URL a service connects with: its own role, its own schema. */
export const serviceUrl = (access: DatabaseAccess, service: string): string => {
  const url = new URL(access.adminUrl);
  url.username = roleOf(service);
  url.password = rolePassword(access, service);
  return url.href;
};
