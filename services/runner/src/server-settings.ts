/** Settings of the PostgreSQL that `npm start` starts. */
export const SERVER_SETTINGS = {
  max_connections: '200',
  shared_buffers: '256MB',
  // Flushing what was written spares commits the wait for the disk with which a checkpoint ends otherwise.
  backend_flush_after: '256kB',
};
