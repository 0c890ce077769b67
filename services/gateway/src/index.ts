export { findGateway } from './replay/find-gateway.ts';
export type { ReplayOptions, ReplayReport, ServiceUrls } from './replay/options.ts';
export { printReport } from './replay/print-report.ts';
export { replay } from './replay/replay.ts';
export { ReplayError } from './replay/replay-error.ts';
export { serviceUrlsOf } from './replay/service-urls.ts';
export { FORMATS, isFormat } from './replay/source/formats.ts';
export { gateway } from './service.ts';
