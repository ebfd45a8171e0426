import { render } from 'preact'
import { App } from './app/app.tsx'
import './styles/tokens.css'
import './styles/page.css'
import './styles/controls.css'
import './styles/headline.css'
import './styles/progress.css'
import './styles/cards.css'
import './styles/notices.css'
import './styles/history.css'
import './styles/chart.css'
import './styles/details.css'
import './styles/changed-meter.css'
import './styles/preview.css'
import './styles/meters.css'
import './styles/forms.css'

const root = document.getElementById('page')
if (root !== null) render(<App />, root)
