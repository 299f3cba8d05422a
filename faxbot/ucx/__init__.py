"""The client of the UCX Fax API: what `services.ports.FaxServer` asks for, over HTTP."""
