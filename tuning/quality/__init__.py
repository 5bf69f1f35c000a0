"""Looking at questions before they are trained on: balance, blind audit, gallery."""
