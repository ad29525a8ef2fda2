/**
 * Preloaded into child processes (`node --require`): the child ignores the terminal's Ctrl-C, which its parent turns
 * into an orderly end, and ends by itself when the parent is gone, so that no process is ever left behind.
 */
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  process.exit(0);
});
