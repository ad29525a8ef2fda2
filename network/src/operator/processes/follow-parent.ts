/**
 * Preloaded into child processes (`node --require`): the child ignores the terminal's Ctrl-C, which its parent turns
 * into an orderly end, and ends when the parent has let go of it or is gone, so that no process is ever left behind. A
 * program that has something to close listens for `disconnect` itself, and then ends itself.
 */
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  if (process.listenerCount('disconnect') === 1) process.exit(0);
});
