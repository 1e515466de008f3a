"""What ssflow can do: one public function a use case. The edge opens and commits the work."""
