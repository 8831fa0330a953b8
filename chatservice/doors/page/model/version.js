// Decides what a page does that learns the version of the server's page.

/**
 * @param {string} own  the version of this page
 * @param {string} served  the version that the server has now
 * @param {{isTyped: boolean, triedFor: string}} state  whether anything is typed and not sent, and
 *   the version for which this page was reloaded already
 * @returns {'same'|'tell'|'reload'}
 */
export function judgeVersion(own, served, { isTyped, triedFor }) {
  if (!served || own === served || own.startsWith('@')) return 'same';
  return isTyped || triedFor === served ? 'tell' : 'reload';
}
