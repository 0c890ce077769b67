import type { EventBus, FindErased, Sql, Subscription } from '@vafa/bus';
import type { Clock, Log } from '@vafa/kernel';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Registry } from 'prom-client';
import type { Static, TObject } from 'typebox';
import type { HttpApp } from '../http/app.ts';
import type { Job } from '../jobs/job.ts';

/** What the parts of a service are built from. */
export interface ServiceContext<Config = unknown> {
  name: string;
  /** The service's own settings, validated. */
  config: Config;
  /** Pool of the service's role; search_path is its own schema. bigint → number, timestamptz → text, json → parsed. */
  sql: Sql;
  /** drizzle over the same pool: for reads and low-rate writes. */
  orm: PostgresJsDatabase;
  bus: EventBus;
  clock: Clock;
  log: Log;
  metrics: Registry;
  /** Tells the outbox relay that something was committed. */
  wake: () => void;
}

/**
 * A service as the platform runs it: three doors (routes, subscriptions, jobs) over its own schema. Everything else,
 * pools, consumer, relay, health, metrics, stop, is the platform's.
 */
export interface ServiceDefinition<Settings extends TObject = TObject> {
  name: string;
  title: string;
  /** Folder of the migrations, as drizzle-kit writes them. */
  migrations: URL;
  /** Settings read from the environment, each with a default and a description. */
  settings: Settings;
  /** HTTP routes, registered on the service's own server. */
  routes: (app: HttpApp, context: ServiceContext<Static<Settings>>) => Promise<void> | void;
  /** What the service hears; none for a service that only publishes. */
  subscriptions: (context: ServiceContext<Static<Settings>>) => Subscription[];
  /** Whom it knows to be erased, where it hears of customers: nothing that is told of them is set aside. */
  findErased?: FindErased;
  /** What it does by the clock. */
  jobs: (context: ServiceContext<Static<Settings>>) => Job[];
  /** Called after stop, for things the service opened itself. */
  close?: (context: ServiceContext<Static<Settings>>) => Promise<void>;
}

/** Keeps the settings' type while declaring a service. */
export const defineService = <Settings extends TObject>(
  definition: ServiceDefinition<Settings>,
): ServiceDefinition<Settings> => definition;
