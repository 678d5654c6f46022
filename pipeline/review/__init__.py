"""What needs a person: approvals, and the desk where an editor listens, corrects and approves."""
