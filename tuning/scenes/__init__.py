"""What questions are made from: scenes with boxes, cameras, frames and who is seen in them."""
