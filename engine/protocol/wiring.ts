/** Which socket fits which: the one function that the check and the editor share. */
export {
  type Bindings,
  parseSocketType,
  printSocketType,
  type SocketType,
  substitute,
  unify,
  unknownType,
} from '../workflow/socket-type.ts'
