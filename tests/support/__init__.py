"""What tests share: a clock that they move, and fakes for the outermost edge."""
