import type { EventKind, SourceEvent } from '../source/source-event.ts';

/** What stays of an event once its body is written: enough to account for it. */
export interface PlannedEvent {
  kind: EventKind;
  customerId: string;
  lines: number;
  firstLine: number;
  json: string;
}

/** Events of one kind that may go in one request. */
export interface Layer {
  kind: EventKind;
  events: PlannedEvent[];
  bytes: number;
}

export interface WindowLimits {
  /** Items of one request. */
  maxItems: number;
  /** Characters of one request's body, well below the gateway's limit of bytes. */
  maxBytes: number;
}

export interface Window {
  layers: Layer[];
  events: number;
}

/**
 * Each kind of event has its own route, yet a customer's events must arrive in order: a refund not before its purchase,
 * the next purchase not before the refund. So a window of events is laid out in layers of one kind each, sent one after
 * the other, and an event goes into the first layer of its kind that is not before its customer's last one. A window of
 * a thousand purchases and refunds comes to a few layers instead of hundreds of short runs.
 */
export const createWindow = (limits: WindowLimits) => {
  const window: Window = { layers: [], events: 0 };
  const lastLayer = new Map<string, number>();
  return {
    window,
    /** @returns false when the window is full: send it, and put the event into the next */
    add: (event: SourceEvent, json: string): boolean => {
      const { kind, customerId, lines, firstLine } = event;
      const bytes = Buffer.byteLength(json) + 1;
      let index = lastLayer.get(customerId) ?? 0;
      while (index < window.layers.length && window.layers[index]?.kind !== kind) index += 1;
      const found = window.layers[index];
      const full = found && (found.events.length >= limits.maxItems || found.bytes + bytes > limits.maxBytes);
      // An event larger than a whole request goes alone; the gateway will say what it thinks of it.
      if (full && found.events.length > 0) return false;
      const layer: Layer = found ?? { kind, events: [], bytes: 0 };
      if (!found) window.layers.push(layer);
      layer.events.push({ kind, customerId, lines, firstLine, json });
      layer.bytes += bytes;
      window.events += 1;
      lastLayer.set(customerId, index);
      return true;
    },
  };
};
