/**
 * Events per second that COPY of all their rows wrote where the goals were measured. A rate of the goals is that part of it, and
 * the same part of what COPY writes here is as hard on a machine of any speed.
 */
export const COPY_OF_THE_GOALS = 91_000;
