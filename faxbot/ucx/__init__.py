"""The client of the UCX Fax API: the HTTP adapter of `services.model.ports.FaxServer`."""
