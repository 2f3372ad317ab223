/**
 * conflict: the same batch may succeed when tried again · busy: it may in a while, for the server has nothing left for us
 * now · lost: the connection is gone · held: another process has the file
 */
export type Fault =
  | 'conflict'
  | 'busy'
  | 'lost'
  | 'held'
  | 'missing'
  | 'corrupt'
  | 'full'
  | 'interrupted'
  | 'constraint'
  | 'permanent'
