"""Forms of bodies that the tool does not know by itself."""

import schemathesis

# A message is text.
schemathesis.serializer.alias("message/rfc822", "text/plain")
