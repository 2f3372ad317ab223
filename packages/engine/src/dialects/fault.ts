/** conflict: the same batch may succeed when tried again · lost: the connection is gone · held: another process has the file */
export type Fault =
  | 'conflict'
  | 'lost'
  | 'held'
  | 'missing'
  | 'corrupt'
  | 'full'
  | 'interrupted'
  | 'constraint'
  | 'permanent'
