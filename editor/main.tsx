import { createRoot } from 'react-dom/client'
import { registerResultBodies } from './panels/bodies.tsx'
import { App } from './shell/app.tsx'
import { begin } from './shell/begin.ts'
import { registerWidgetBodies } from './widgets/bodies.tsx'
import './style/tokens.css'
import './style/base.css'

registerWidgetBodies()
registerResultBodies()
begin()
createRoot(document.getElementById('root') as HTMLElement).render(<App />)
